import type { turkish } from "./index";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof turkish };
    returnNull: false;
  }
}
