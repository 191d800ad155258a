import { notifications } from "@mantine/notifications";
import { ApiError } from "../api/problem";
import { currentLanguage } from "../locale";

/** Says in passing that something was done. */
export function notifyDone(message: string): void {
  notifications.show({ message, color: "petrol" });
}

/** Says that something was not done, with the server's words. */
export function notifyFailed(error: Error): void {
  const message = error instanceof ApiError ? error.title(currentLanguage()) : error.message;
  notifications.show({ message, color: "red", autoClose: 10_000, role: "alert" });
}
