import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Channel } from "../api/model";
import { TextLink } from "../app/links";

interface SenderProps {
  contactId?: string | null;
  name?: string | null;
  address: string;
  channel?: Channel | null;
}

/** Whom something came from, with the way to their page. */
export function Sender({ contactId, name, address, channel }: SenderProps) {
  const { t } = useTranslation();
  const details = [name ? address : undefined, channel ? t(`common.channel.${channel}`) : undefined];
  if (!contactId) details.push(t("inbox.unknown"));
  const shown = details.filter(Boolean).join(" · ");
  return (
    <>
      {contactId ? (
        <TextLink to="/contacts/$id" params={{ id: contactId }} search={{}} className="number" fw={550}>
          {name ?? address}
        </TextLink>
      ) : (
        <span className="number">{address}</span>
      )}
      {shown !== "" && (
        <Text size="sm" className="quiet number">
          {shown}
        </Text>
      )}
    </>
  );
}
