import { Button, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Answer, Brand } from "../api/model";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { CopyText } from "../app/copy-text";
import { Facts } from "../app/facts";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { StateBadge } from "../app/state-badge";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { isConnected } from "./frame";

type Address = Answer<"/api/v1/registry/{brand_id}/push-address", "get">;

/** Where İYS tells at once what citizens do, whether it was asked to, and when it last did. */
export function PushAddress({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const may = useMay();
  const address = useQuery({
    queryKey: ["registry", brand.id, "push-address"],
    queryFn: () =>
      answer(api.GET("/api/v1/registry/{brand_id}/push-address", { params: { path: { brand_id: brand.id } } })),
    enabled: may("manage_registry"),
  });
  if (!may("manage_registry")) return null;
  return (
    <Section title={t("registry.push_address.title")} id="push-address">
      {address.isPending && <Loading lines={3} />}
      {address.isError && <Failure error={address.error} onRetry={() => address.refetch()} />}
      {address.data && <Held brand={brand} address={address.data} />}
    </Section>
  );
}

function Held({ brand, address }: { brand: Brand; address: Address }) {
  const { t } = useTranslation();
  const [isAsked, ask] = useState(false);
  const { url, told_url, acceptable, registered_at, pushed_at, unreadable } = address;
  const register = useAct(
    () => answer(api.POST("/api/v1/registry/{brand_id}/push-address", { params: { path: { brand_id: brand.id } } })),
    {
      done: t("registry.push_address.done"),
      refresh: [["registry", brand.id, "push-address"]],
      showsError: true,
      onDone: () => ask(false),
    },
  );
  const isTold = registered_at != null;
  const isStale = told_url != null;
  return (
    <>
      <Stack gap="sm" px="md" pb="md">
        <Text maw={760}>{t("registry.push_address.text")}</Text>
        <CopyText text={url} />
        {!acceptable && <Notice tone="out">{t("registry.push_address.needs_tls")}</Notice>}
        {isStale && <Notice tone="bad">{t("registry.push_address.stale", { url: told_url })}</Notice>}
      </Stack>
      <Facts
        facts={[
          [
            t("registry.push_address.state"),
            <StateBadge
              key="state"
              tone={isTold && !isStale ? "good" : "out"}
              label={t(isTold ? "registry.push_address.told" : "registry.push_address.not_told")}
            />,
          ],
          [
            t("registry.push_address.told_at"),
            registered_at ? <Time key="told" at={registered_at} /> : t("common.none"),
          ],
          [
            t("registry.push_address.last"),
            pushed_at ? <Time key="last" at={pushed_at} /> : t("registry.push_address.never"),
          ],
          unreadable > 0 && [t("registry.push_address.unreadable"), String(unreadable)],
        ]}
      />
      {isConnected(brand) && acceptable && (
        <Group justify="flex-end" px="md" pb="md">
          <Button variant="default" onClick={() => ask(true)}>
            {t(isTold ? "registry.push_address.again" : "registry.push_address.do")}
          </Button>
        </Group>
      )}
      <Ask
        opened={isAsked}
        title={t("registry.push_address.ask")}
        confirm={t("registry.push_address.do")}
        isPending={register.isPending}
        error={register.error}
        onConfirm={() => register.mutate(undefined)}
        onClose={() => {
          register.reset();
          ask(false);
        }}
      >
        <Text>{t("registry.push_address.what")}</Text>
      </Ask>
    </>
  );
}
