import { useEffect, useRef } from "react";

/**
 * Gives the focus back to what opened a dialog that is taken off the screen
 * while it is open; one that is closed first does so by itself.
 */
export function useFocusBack(opened: boolean): void {
  const opener = useRef<Element | null>(null);
  const isOpen = useRef(false);
  // Looked at while it is drawn: afterwards the dialog has the focus.
  if (opened && !isOpen.current) opener.current = document.activeElement;
  isOpen.current = opened;
  useEffect(
    () => () => {
      if (!isOpen.current) return;
      setTimeout(() => {
        const { current } = opener;
        const isNowhere = document.activeElement === document.body;
        if (isNowhere && current instanceof HTMLElement && current.isConnected) current.focus();
      });
    },
    [],
  );
}
