import classes from "./state-badge.module.css";

/** What a colour stands for, on badges and bars alike. */
export type Tone = "neutral" | "out" | "held" | "sent" | "good" | "bad";

interface StateBadgeProps {
  tone: Tone;
  label: string;
  /** Something is moving right now. */
  live?: boolean;
}

/** A state in one or two words; the colour repeats what the words say. */
export function StateBadge({ tone, label, live }: StateBadgeProps) {
  return (
    <span className={classes.badge} data-tone={tone} data-live={live || undefined}>
      {label}
    </span>
  );
}
