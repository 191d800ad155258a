import { Button, Group, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useMay } from "../app/permissions";
import { useSession } from "../app/session";
import type { AuditSearch } from "./audit-search";

const route = getRouteApi("/shell/audit");

interface AuditFiltersProps {
  /** Every kind of deed with its sentence. */
  deeds: { value: string; label: string }[];
}

/** Who, what, to what, when; every choice stands in the address. */
export function AuditFilters({ deeds }: AuditFiltersProps) {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const actors = useActors();
  const [subject, setSubject] = useState(search.subject ?? "");
  useEffect(() => setSubject(search.subject ?? ""), [search.subject]);
  const ask = (part: AuditSearch) => navigate({ search: (old) => ({ ...old, ...part }), resetScroll: false });
  const clear = { "aria-label": t("common.action.clear") };
  const isAsked = Object.values(search).some(Boolean);
  return (
    <search aria-label={t("admin.audit.filter.label")}>
      <Group gap="sm" align="flex-end">
        <Select
          label={t("admin.audit.filter.who")}
          placeholder={t("admin.audit.filter.who_hint")}
          data={actors}
          value={search.actor ?? null}
          onChange={(actor) => ask({ actor: actor ?? undefined })}
          searchable
          clearable
          clearButtonProps={clear}
          w={200}
        />
        <Select
          label={t("admin.audit.filter.what")}
          placeholder={t("common.action.all")}
          data={deeds}
          value={search.action ?? null}
          onChange={(action) => ask({ action: action ?? undefined })}
          searchable
          clearable
          clearButtonProps={clear}
          w={240}
        />
        <form
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            void ask({ subject: subject.trim() || undefined });
          }}
        >
          <Group gap={6} align="flex-end" wrap="nowrap">
            <TextInput
              label={t("admin.audit.filter.object")}
              placeholder={t("admin.audit.filter.object_hint")}
              value={subject}
              onChange={(event) => setSubject(event.currentTarget.value)}
              w={170}
            />
            <Button type="submit" variant="default">
              {t("common.action.show")}
            </Button>
          </Group>
        </form>
        <TextInput
          type="date"
          label={t("admin.audit.filter.from")}
          value={search.from ?? ""}
          onChange={(event) => ask({ from: event.currentTarget.value || undefined })}
        />
        <TextInput
          type="date"
          label={t("admin.audit.filter.to")}
          value={search.to ?? ""}
          onChange={(event) => ask({ to: event.currentTarget.value || undefined })}
        />
        {isAsked && (
          <Button variant="subtle" onClick={() => navigate({ search: {}, resetScroll: false })}>
            {t("admin.audit.filter.clear")}
          </Button>
        )}
      </Group>
    </search>
  );
}

const PAGE = { params: { query: { limit: 200 } } };

/** Users and keys that this person may list. */
function useActors() {
  const { t } = useTranslation();
  const may = useMay();
  const { user } = useSession();
  const users = useQuery({
    queryKey: ["users"],
    queryFn: async () => (await answer(api.GET("/api/v1/users", PAGE))).items,
    enabled: may("manage_users"),
  });
  const keys = useQuery({
    queryKey: ["api-keys"],
    queryFn: async () => (await answer(api.GET("/api/v1/api-keys", PAGE))).items,
    enabled: may("manage_keys"),
  });
  return [
    ...(users.data ?? [user]).map(({ id, name }) => ({ value: `user:${id}`, label: name })),
    ...(keys.data ?? []).map(({ id, name }) => ({ value: `key:${id}`, label: t("common.actor.key", { name }) })),
  ];
}
