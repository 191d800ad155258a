import { Group, Text } from "@mantine/core";
import { IconFlask } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { TextLink } from "./links";
import { useMay } from "./permissions";
import { useSession } from "./session";
import classes from "./shell.module.css";

/** Shown on every page until the owner goes live. */
export function PracticeBanner() {
  const { firm } = useSession();
  const { t } = useTranslation();
  const may = useMay();
  if (!firm.practice) return null;
  return (
    <Group className={classes.clock} role="note" gap="xs" wrap="nowrap" px="md" py={6} data-practice>
      <IconFlask size={18} aria-hidden style={{ flexShrink: 0 }} />
      <Text size="sm">
        <strong>{t("common.practice.banner")}</strong>
        {" · "}
        {t("common.practice.explain")}{" "}
        {may("manage_firm") && (
          <TextLink to="/settings" search={{}} hash="live" inherit>
            {t("common.practice.go")}
          </TextLink>
        )}
      </Text>
    </Group>
  );
}
