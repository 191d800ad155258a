import { Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { usePages } from "../api/pages";
import { useBrands } from "../app/brands";
import { Listed } from "../app/data-table";
import { ButtonLink, TextLink } from "../app/links";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { Empty } from "../app/states";
import { Time } from "../app/time";

/** The texts that campaigns begin from. */
export function TemplatesPage() {
  const { t } = useTranslation();
  const may = useMay();
  const brands = useBrands();
  const list = usePages(["templates"], (after) =>
    answer(api.GET("/api/v1/templates", { params: { query: { after } } })),
  );
  const add = may("manage_templates") && (
    <ButtonLink to="/templates/new" leftSection={<IconPlus size={18} aria-hidden />}>
      {t("templates.add")}
    </ButtonLink>
  );
  return (
    <Page title={t("common.menu.templates")} lead={t("templates.lead")} actions={add}>
      <div className="surface">
        <Listed
          list={list}
          label={t("common.menu.templates")}
          keyOf={({ id }) => id}
          empty={<Empty title={t("templates.empty.title")} text={t("templates.empty.text")} action={add} />}
          columns={[
            {
              head: t("templates.name"),
              width: "9rem",
              cell: ({ id, name, channel, brand_id }) => (
                <>
                  <TextLink to="/templates/$id" params={{ id }} fw={600}>
                    {name}
                  </TextLink>
                  <Text size="sm" className="quiet">
                    {t(`common.channel.${channel}`)} · {brands.data?.find((brand) => brand.id === brand_id)?.name}
                  </Text>
                </>
              ),
            },
            {
              head: t("templates.body"),
              width: "14rem",
              cell: ({ body }) => (
                <Text lineClamp={2} lang="tr" style={{ overflowWrap: "anywhere" }}>
                  {body}
                </Text>
              ),
            },
            { head: t("templates.changed"), from: "sm", cell: ({ updated_at }) => <Time at={updated_at} /> },
          ]}
        />
      </div>
    </Page>
  );
}
