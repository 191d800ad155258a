import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { Template } from "../../api/model";
import { Section } from "../../app/page";
import classes from "./builder.module.css";
import type { Draft } from "./draft";

/** The firm's texts that a campaign of this brand and channel may begin from. */
export function useTemplatesFor({ brand_id, channel }: Pick<Draft, "brand_id" | "channel">): Template[] {
  const { data } = useQuery({
    queryKey: ["templates", "all"],
    queryFn: async () => (await answer(api.GET("/api/v1/templates", { params: { query: { limit: 200 } } }))).items,
  });
  return (data ?? []).filter((text) => text.brand_id === brand_id && text.channel === channel);
}

interface TemplateStartProps {
  templates: Template[];
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
  error?: string;
}

/** From which text a new campaign begins; nothing to choose where there is none. */
export function TemplateStart({ templates, chosen, onChoose, error }: TemplateStartProps) {
  const { t } = useTranslation();
  if (templates.length === 0) return null;
  return (
    <Section title={t("builder.setup.start_text")} id="template">
      <div className={classes.inside}>
        <Select
          label={t("campaigns.form.template")}
          description={t("builder.setup.template_hint")}
          placeholder={t("builder.setup.no_template")}
          data={templates.map(({ id, name }) => ({ value: id, label: name }))}
          value={chosen ?? null}
          onChange={(id) => onChoose(id ?? undefined)}
          error={error}
          searchable
          clearable
          clearButtonProps={{ "aria-label": t("common.action.clear") }}
          maw={420}
        />
      </div>
    </Section>
  );
}
