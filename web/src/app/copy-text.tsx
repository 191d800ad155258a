import { Button, Code, CopyButton, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Something that people carry elsewhere letter by letter, with a button that does it. */
export function CopyText({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs">
      <Code style={{ overflowWrap: "anywhere" }}>{text}</Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button variant="default" size="compact-xs" onClick={copy} aria-live="polite">
            {t(copied ? "common.action.copied" : "common.action.copy")}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}
