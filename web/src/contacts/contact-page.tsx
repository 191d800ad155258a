import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { ContactInFull } from "../api/model";
import { TextLink } from "../app/links";
import { Page } from "../app/page";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useAttributeLabel } from "../attributes/attributes";
import classes from "./contact.module.css";
import { Devices } from "./devices";
import { PersonMessages } from "./person-messages";
import { RecordConsent } from "./record-consent";
import { Standing } from "./standing";
import { Timeline } from "./timeline";
import { WhyPanel } from "./why";

const route = getRouteApi("/shell/contacts/$id");

/** One person: who they are, and whether a message would reach them now. */
export function ContactPage() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const contact = useQuery({
    queryKey: ["contact", id],
    queryFn: () => answer(api.GET("/api/v1/contacts/{id}", { params: { path: { id } } })),
  });
  if (contact.isPending) return <Loading />;
  if (contact.isError) return <Failure isPage error={contact.error} onRetry={() => contact.refetch()} />;
  const { data } = contact;
  return (
    <Page
      title={data.full_name ?? t("contacts.unnamed")}
      back={<TextLink to="/contacts">{t("contacts.detail.back")}</TextLink>}
      actions={<RecordConsent contact={data} />}
    >
      <Facts contact={data} />
      <Standing contact={data} />
      <WhyPanel contact={data} />
      <Timeline contactId={data.id} />
      <PersonMessages contact={data} />
    </Page>
  );
}

function Facts({ contact }: { contact: ContactInFull }) {
  const { t } = useTranslation();
  const label = useAttributeLabel();
  const none = <span className="quiet">{t("common.none")}</span>;
  const facts = [
    [t("contacts.detail.phone"), contact.phone ?? none],
    [t("contacts.detail.email"), contact.email ?? none],
    [t("contacts.detail.external_id"), contact.external_id ?? none],
    [t("contacts.detail.since"), <Time key="since" at={contact.created_at} />],
    ...(contact.devices.length > 0
      ? ([[t("contacts.detail.devices"), <Devices key="devices" devices={contact.devices} />]] as const)
      : []),
    ...contact.attributes.map((attribute) => [label(attribute), attribute.value] as const),
  ] as const;
  return (
    <dl className={`surface ${classes.facts}`}>
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
