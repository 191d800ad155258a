import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { firstLoadBudget } from "./build/first-load-budget.ts";

/** Where `npm run dev` finds a running server. */
const server = process.env.IZINLI_API ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), firstLoadBudget(250)],
  server: {
    proxy: {
      // The server refuses writes from another origin; seen from it, they come from itself.
      "/api": { target: server, changeOrigin: true, headers: { origin: new URL(server).origin } },
    },
  },
  build: {
    target: "es2022",
    // Browsers that know light-dark() themselves; rewriting it would need the colour scheme at build time.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The server's content security policy forbids data: addresses.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    css: false,
  },
});
