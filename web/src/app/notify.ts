import { type NotificationData, notifications } from "@mantine/notifications";
import i18next from "i18next";
import { ApiError } from "../api/problem";
import { currentLanguage } from "../locale";

/** Says in passing that something was done. */
export function notifyDone(message: string): void {
  show({ message, color: "petrol" });
}

/** Says that something was not done, with the server's words. */
export function notifyFailed(error: Error): void {
  const message = error instanceof ApiError ? error.title(currentLanguage()) : error.message;
  show({ message, color: "red", autoClose: 10_000, role: "alert" });
}

function show(notification: NotificationData): void {
  notifications.show({ ...notification, closeButtonProps: { "aria-label": i18next.t("common.action.close") } });
}
