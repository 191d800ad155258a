import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** What the server says stands against a launch. */
const KNOWN = [
  "approval",
  "signature",
  "halted",
  "expired",
  "health",
  "promotion_missing",
  "promotion_ends",
  "approval_void",
] as const;

/** Why sending cannot be started now; stands where its button would be. */
export function LaunchObstacle({ obstacle }: { obstacle: string }) {
  const { t } = useTranslation();
  const known = KNOWN.find((one) => one === obstacle);
  return (
    <Text size="sm" className="quiet" maw={380} data-obstacle={obstacle}>
      {t(known ? `campaigns.obstacle.${known}` : "campaigns.obstacle.other")}
    </Text>
  );
}
