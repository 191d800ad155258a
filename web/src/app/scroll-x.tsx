import type { ReactNode } from "react";

/** A box for content wider than the screen; can be scrolled with the keyboard too. */
export function ScrollX({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without focus the keyboard cannot scroll it
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would claim that this is a form
    <div role="group" className="scroll-x" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
