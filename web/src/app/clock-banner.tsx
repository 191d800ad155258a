import { Group, Text } from "@mantine/core";
import { IconClockPause } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../locale/format";
import { useServerNow, useSession } from "./session";
import classes from "./shell.module.css";

/** Shown on every page while the server runs on a simulated clock. */
export function ClockBanner() {
  const { clock } = useSession();
  const { t } = useTranslation();
  const formats = useFormats();
  const serverNow = useServerNow();
  const [, tick] = useState(0);
  useEffect(() => {
    if (!clock.simulated) return;
    const timer = setInterval(() => tick((count) => count + 1), 15_000);
    return () => clearInterval(timer);
  }, [clock.simulated]);

  if (!clock.simulated) return null;
  return (
    <Group className={classes.clock} role="note" gap="xs" wrap="nowrap" px="md" py={6}>
      <IconClockPause size={18} aria-hidden style={{ flexShrink: 0 }} />
      <Text size="sm">
        <strong>{t("common.clock.simulated", { now: formats.dateTime(new Date(serverNow())) })}</strong>
        {" · "}
        {t("common.clock.explain")}
      </Text>
    </Group>
  );
}
