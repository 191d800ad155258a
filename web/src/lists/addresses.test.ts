import { expect, test } from "vitest";
import { addressesOf, addressOf } from "./addresses";

test("a_phone_is_understood_as_turkish_people_write_it", () => {
  for (const text of ["0532 123 45 67", "5321234567", "+90 (532) 123-45-67", "905321234567", "00905321234567"]) {
    expect(addressOf(text), text).toBe("+905321234567");
  }
  expect(addressOf("+994501234567")).toBe("+994501234567");
});

test("what_is_no_address_is_not_guessed_at", () => {
  for (const text of ["532 123 45", "0212 123 45 67", "ali", "ali@ornek", "ayşe@ornek.com", "0532 123 45 67 8"]) {
    expect(addressOf(text), text).toBeUndefined();
  }
});

test("pasted_addresses_are_taken_once_and_the_others_are_shown_again", () => {
  expect(addressesOf("0532 123 45 67\n+905321234567; Ali@Ornek.com.tr,\n yok \n")).toEqual({
    addresses: ["+905321234567", "ali@ornek.com.tr"],
    faulty: ["yok"],
  });
});
