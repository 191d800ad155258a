import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

/** What Mantine and the router ask of a browser and jsdom does not have. */
function completeBrowser(): void {
  window.matchMedia ??= (query: string) =>
    ({
      matches: false,
      media: query,
      addEventListener() {},
      removeEventListener() {},
    }) as unknown as MediaQueryList;
  window.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  window.scrollTo = () => {};
  Element.prototype.scrollIntoView ??= () => {};

  afterEach(() => {
    cleanup();
    localStorage.clear();
  });
}

// Tests that read files run without a browser.
if (typeof window !== "undefined") completeBrowser();
