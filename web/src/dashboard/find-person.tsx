import { Button, Group, Text, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Section } from "../app/page";

/** Whoever answers people begins with the person. */
export function FindPerson() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  return (
    <Section title={t("dashboard.find.title")} id="find">
      <search>
        <form
          style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}
          onSubmit={(event) => {
            event.preventDefault();
            void navigate({ to: "/contacts", search: { query: typed.trim() || undefined } });
          }}
        >
          <Group gap="xs" align="flex-end" wrap="nowrap" maw={560}>
            <TextInput
              type="search"
              label={t("dashboard.find.label")}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              style={{ flex: 1 }}
            />
            <Button type="submit">{t("dashboard.find.button")}</Button>
          </Group>
          <Text size="sm" className="quiet" mt={6}>
            {t("dashboard.find.hint")}
          </Text>
        </form>
      </search>
    </Section>
  );
}
