import { Badge, Group, Text, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Contact, ContactStanding } from "../api/model";
import { useBrands } from "../app/brands";
import { DataTable } from "../app/data-table";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { CodeBadge } from "../app/reason-text";
import { StateBadge } from "../app/state-badge";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { VERDICT_TONE } from "./why";

/** What holds for the person now: each channel at each brand, the groups they are in, what stops them. */
export function Standing({ contact }: { contact: Contact }) {
  const { t } = useTranslation();
  const standing = useQuery({
    queryKey: ["contact", contact.id, "standing"],
    queryFn: () => answer(api.GET("/api/v1/contacts/{id}/standing", { params: { path: { id: contact.id } } })),
  });
  return (
    <>
      {standing.data && standing.data.stops.length > 0 && <Stops stops={standing.data.stops} />}
      <Section title={t("contacts.standing.title")} id="standing">
        {standing.isPending && <Loading lines={2} />}
        {standing.isError && <Failure error={standing.error} onRetry={() => standing.refetch()} />}
        {standing.data && <Consents contact={contact} consents={standing.data.consents} />}
        {standing.data && standing.data.groups.length > 0 && <Groups groups={standing.data.groups} />}
      </Section>
    </>
  );
}

function Stops({ stops }: { stops: ContactStanding["stops"] }) {
  const { t } = useTranslation();
  return (
    <Notice tone="bad" title={t("contacts.standing.stops")}>
      {stops.map(({ code, address, channel }) => (
        <Group key={`${code}${address}${channel}`} gap={8} mt={4}>
          <CodeBadge code={code} />
          <Text>
            {t(`contacts.standing.code.${code as "S201"}`)} ·{" "}
            {channel ? t(`common.channel.${channel}`) : t("contacts.standing.all_channels")} ·{" "}
            <span className="number">{address}</span>
          </Text>
        </Group>
      ))}
    </Notice>
  );
}

function Consents({ contact, consents }: { contact: Contact; consents: ContactStanding["consents"] }) {
  const { t } = useTranslation();
  const brands = useBrands();
  const brandName = (id: string) => brands.data?.find((brand) => brand.id === id)?.name ?? id;
  if (consents.length === 0) {
    return (
      <Text px="md" pb="md">
        {t("contacts.standing.none")}
      </Text>
    );
  }
  return (
    <DataTable
      label={t("contacts.standing.title")}
      rows={consents}
      keyOf={({ brand_id, channel, kind, address }) => `${brand_id}${channel}${kind}${address}`}
      columns={[
        {
          head: t("contacts.standing.what"),
          cell: ({ brand_id, channel, kind, address }) => (
            <>
              <strong>{t(`common.channel.${channel}`)}</strong> · {t(`common.kind.${kind}`)}
              <Text size="sm" className="quiet">
                {brandName(brand_id)} · <span className="number">{address}</span>
              </Text>
            </>
          ),
        },
        {
          head: t("contacts.standing.ours"),
          cell: ({ status, consent_at }) =>
            status ? (
              <>
                <StateBadge tone={status === "ONAY" ? "good" : "bad"} label={t(`contacts.local.${status}`)} />
                <Text size="sm" className="quiet">
                  <Time at={consent_at} />
                </Text>
              </>
            ) : (
              <span className="quiet">{t("contacts.standing.not_said")}</span>
            ),
        },
        {
          head: t("contacts.standing.registry"),
          cell: ({ verdict, checked_at }) => (
            <>
              <StateBadge tone={VERDICT_TONE[verdict]} label={t(`contacts.verdict.${verdict}`)} />
              {checked_at && (
                <Text size="sm" className="quiet">
                  <Time at={checked_at} />
                </Text>
              )}
            </>
          ),
        },
        {
          head: <VisuallyHidden>{t("contacts.standing.why")}</VisuallyHidden>,
          cell: ({ brand_id, channel, kind }) => (
            <TextLink
              to="/contacts/$id"
              params={{ id: contact.id }}
              search={{ brand: brand_id, channel, kind }}
              hash="why"
            >
              {t("contacts.standing.why")}
            </TextLink>
          ),
        },
      ]}
    />
  );
}

function Groups({ groups }: { groups: ContactStanding["groups"] }) {
  const { t } = useTranslation();
  return (
    <Group gap={6} px="md" py="sm">
      <Text size="sm" className="quiet">
        {t("contacts.standing.groups")}:
      </Text>
      {groups.map(({ name, kind }) => (
        <Badge key={name} variant="default" tt="none" fw={550}>
          <TextLink to={kind === "list" ? "/lists/$name" : "/tags/$name"} params={{ name }} inherit>
            {name}
          </TextLink>
        </Badge>
      ))}
    </Group>
  );
}
