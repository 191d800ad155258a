import { Button, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "./permissions";

/** As what kinds of file the server writes. */
const FORMS = ["xlsx", "csv", "parquet"] as const;
export type FileForm = (typeof FORMS)[number];

interface ExportProps<Of extends string> {
  /** What can be taken out, the usual one first; one alone is not asked about. */
  choices: { value: Of; label: string; hint?: string }[];
  /** Where the file is fetched from. */
  hrefOf: (of: Of, form: FileForm) => string;
  size?: "xs" | "sm";
}

/** A button that asks what to take out and as what, then downloads it. */
export function ExportButton<Of extends string>({ size = "xs", ...choice }: ExportProps<Of>) {
  const { t } = useTranslation();
  const [opened, open] = useState(false);
  return (
    <>
      <Button
        variant="default"
        size={size}
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={() => open(true)}
      >
        {t("reports.export.do")}
      </Button>
      <Modal
        opened={opened}
        onClose={() => open(false)}
        title={t("reports.export.title")}
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        <Choice {...choice} onDone={() => open(false)} />
      </Modal>
    </>
  );
}

function Choice<Of extends string>({ choices, hrefOf, onDone }: ExportProps<Of> & { onDone: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const [first] = choices;
  const [of, choose] = useState(first?.value);
  const [form, setForm] = useState<FileForm>("xlsx");
  if (!of) return null;
  return (
    <Stack gap="md">
      {choices.length > 1 && (
        <Radio.Group
          label={t("reports.export.what")}
          value={of}
          onChange={(value) => choose(choices.find((one) => one.value === value)?.value ?? of)}
        >
          <Stack gap="xs" mt="xs">
            {choices.map(({ value, label, hint }) => (
              <Radio key={value} value={value} label={label} description={hint} />
            ))}
          </Stack>
        </Radio.Group>
      )}
      <Radio.Group
        label={t("reports.export.form")}
        value={form}
        onChange={(value) => setForm(FORMS.find((one) => one === value) ?? form)}
      >
        <Stack gap="xs" mt="xs">
          {FORMS.map((value) => (
            <Radio
              key={value}
              value={value}
              label={t(`reports.export.forms.${value}`)}
              description={t(`reports.export.form_hint.${value}`)}
            />
          ))}
        </Stack>
      </Radio.Group>
      <Text size="sm" className="quiet">
        {t(may("read_personal") ? "reports.export.kept" : "reports.export.masked")}
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          {t("common.action.cancel")}
        </Button>
        <Button
          component="a"
          href={hrefOf(of, form)}
          download
          leftSection={<IconDownload size={18} aria-hidden />}
          onClick={onDone}
        >
          {t("reports.export.download")}
        </Button>
      </Group>
    </Stack>
  );
}
