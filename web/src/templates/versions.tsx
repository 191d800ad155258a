import { Badge, Button, Group, Radio, SimpleGrid, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Item, Template } from "../api/model";
import { usePages } from "../api/pages";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { MoreButton } from "../app/more-button";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { differences, type Piece } from "./differences";
import classes from "./versions.module.css";

type Version = Item<"/api/v1/templates/{id}/versions">;

/** What the text said before: each version beside the present one, and the way back to it. */
export function Versions({ template }: { template: Template }) {
  const { t } = useTranslation();
  const list = usePages(["template", template.id, "versions", template.version], (after) =>
    answer(api.GET("/api/v1/templates/{id}/versions", { params: { path: { id: template.id }, query: { after } } })),
  );
  const [chosen, choose] = useState<number>();
  const older = list.items.filter(({ version }) => version !== template.version);
  const shown = older.find(({ version }) => version === chosen) ?? older[0];
  return (
    <Section title={t("reports.versions.title")} id="versions">
      {list.isPending && <Loading lines={3} />}
      {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
      {list.isSuccess && !shown && (
        <Text px="md" pb="md" className="quiet">
          {t("reports.versions.none")}
        </Text>
      )}
      {shown && (
        <SimpleGrid cols={{ base: 1, md: 2 }} px="md" pb="md" style={{ alignItems: "start" }}>
          <Radio.Group
            label={t("reports.versions.which")}
            value={String(shown.version)}
            onChange={(value) => choose(Number(value))}
          >
            <Stack gap="xs" mt="xs" className={classes.list}>
              {older.map(({ version, saved_at, name }) => (
                <Radio
                  key={version}
                  value={String(version)}
                  label={
                    <>
                      {t("templates.version", { version })} · <Time at={saved_at} />
                    </>
                  }
                  description={name === template.name ? undefined : name}
                />
              ))}
            </Stack>
          </Radio.Group>
          <Compared template={template} version={shown} />
        </SimpleGrid>
      )}
      <MoreButton list={list} />
    </Section>
  );
}

/** One version against the present text, word by word. */
function Compared({ template, version }: { template: Template; version: Version }) {
  const { t } = useTranslation();
  const may = useMay();
  const [isAsked, ask] = useState(false);
  const restore = useAct(
    () =>
      answer<Template>(
        api.PATCH("/api/v1/templates/{id}", {
          params: { path: { id: template.id } },
          body: { version: template.version, name: version.name, body: version.body },
        }),
      ),
    {
      done: t("reports.versions.restored"),
      refresh: [["templates"]],
      showsError: true,
      onDone: (saved) => {
        ask(false);
        queries.setQueryData(["template", saved.id], saved);
      },
    },
  );
  const isSame = version.body === template.body && version.name === template.name;
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Badge variant="default" tt="none" radius="sm">
          {t("templates.version", { version: version.version })}
        </Badge>
        <Text size="sm" className="quiet">
          {t(isSame ? "reports.versions.same" : "reports.versions.legend")}
        </Text>
      </Group>
      <Text component="blockquote" className={classes.text} lang="tr" data-version={version.version}>
        {differences(version.body, template.body).map((piece, place) => (
          <Word key={place} piece={piece} />
        ))}
      </Text>
      {may("manage_templates") && !isSame && (
        <Group justify="flex-end">
          <Button variant="default" onClick={() => ask(true)}>
            {t("reports.versions.restore")}
          </Button>
        </Group>
      )}
      <Ask
        opened={isAsked}
        title={t("reports.versions.ask", { version: version.version })}
        confirm={t("reports.versions.restore")}
        isPending={restore.isPending}
        error={restore.error}
        onConfirm={() => restore.mutate(undefined)}
        onClose={() => {
          restore.reset();
          ask(false);
        }}
      >
        <Text>{t("reports.versions.ask_text")}</Text>
      </Ask>
    </Stack>
  );
}

function Word({ piece }: { piece: Piece }) {
  if (piece.kind === "gone") return <del className={classes.gone}>{piece.text}</del>;
  if (piece.kind === "new") return <ins className={classes.fresh}>{piece.text}</ins>;
  return piece.text;
}
