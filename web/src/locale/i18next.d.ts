import type { late } from "./late";
import type { turkish } from "./turkish";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof turkish & typeof late };
    returnNull: false;
  }
}
