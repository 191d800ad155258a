import { expect, test } from "vitest";
import { shortened } from "./devices";

test("a token is known by its ends, and a short one is not cut", () => {
  expect(shortened("fA3bC9dE:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx")).toBe("fA3bC9dE…UH-1RYqx");
  expect(shortened("12345678901234567")).toBe("12345678901234567");
});
