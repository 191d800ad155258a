import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The house colour; shade 7 carries white text at 5.8:1. */
const petrol: MantineColorsTuple = [
  "#eefaf7",
  "#d9f2ec",
  "#b1e5da",
  "#84d6c6",
  "#57c2ae",
  "#2fa893",
  "#178a78",
  "#0f7365",
  "#0c5b51",
  "#08443d",
];

export const theme = createTheme({
  // Who asks the system for less motion gets none here either.
  respectReducedMotion: true,
  primaryColor: "petrol",
  primaryShade: 7,
  colors: { petrol },
  defaultRadius: "md",
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  headings: { fontWeight: "650" },
  cursorType: "pointer",
  components: {
    InputWrapper: { styles: { description: { fontSize: "var(--mantine-font-size-sm)" } } },
    Modal: { styles: { title: { fontWeight: 650, fontSize: "var(--mantine-font-size-lg)" } } },
    Radio: { styles: { description: { fontSize: "var(--mantine-font-size-sm)" } } },
    Table: { defaultProps: { verticalSpacing: "sm" } },
    Skeleton: { defaultProps: { radius: "sm" } },
    Tooltip: { defaultProps: { withArrow: true, events: { hover: true, focus: true, touch: true } } },
  },
});

const QUIET = {
  "--mantine-color-dimmed": "var(--quiet)",
  "--mantine-color-placeholder": "var(--quiet)",
  "--mantine-color-error": "var(--tone-bad)",
};

/** Secondary text and what is wrong with a field keep 4.5:1 in both appearances, which Mantine's own colours do not. */
export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: QUIET, dark: QUIET });
