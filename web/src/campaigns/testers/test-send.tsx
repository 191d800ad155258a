import { Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { Answer, Campaign } from "../../api/model";
import { useAct } from "../../app/act";
import { TextLink } from "../../app/links";
import { Notice } from "../../app/notice";
import { Section } from "../../app/page";
import { useMay } from "../../app/permissions";
import { Failure, Loading, Problem } from "../../app/states";
import { useTesters } from "./queries";

type Sent = Answer<"/api/v1/campaigns/{id}/test", "post">;

const LEFT_OUT = ["not_accepted", "other_channel", "refused"] as const;

/** Sends the text to those who agreed to get tests; nothing of it counts in the campaign. */
export function TestSend({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const may = useMay();
  const testers = useTesters(campaign.brand_id);
  const [left, leave] = useState<string[]>([]);
  const accepted = testers.data?.filter(({ state }) => state === "accepted") ?? [];
  const chosen = accepted.filter(({ id }) => !left.includes(id));
  const send = useAct(
    (second: boolean) =>
      answer<Sent>(
        api.POST("/api/v1/campaigns/{id}/test", {
          params: { path: { id: campaign.id } },
          body: { to: chosen.map(({ id }) => id), second },
        }),
      ),
    { showsError: true },
  );
  if (!may("manage_campaigns")) return null;
  return (
    <Section
      title={t("reports.test.title")}
      id="test"
      aside={
        <TextLink to="/campaigns/testers" search={{ brand: campaign.brand_id }} fz="sm">
          {t("reports.testers.title")}
        </TextLink>
      }
    >
      {testers.isPending && <Loading lines={2} />}
      {testers.isError && <Failure error={testers.error} onRetry={() => testers.refetch()} />}
      {testers.isSuccess && accepted.length === 0 && (
        <Text px="md" pb="md" className="quiet">
          {t(testers.data.length > 0 ? "reports.test.nobody_accepted" : "reports.test.nobody")}
        </Text>
      )}
      {accepted.length > 0 && (
        <Stack gap="sm" px="md" pb="md" align="flex-start">
          <Checkbox.Group
            label={t("reports.test.to")}
            value={chosen.map(({ id }) => id)}
            onChange={(value) => leave(accepted.filter(({ id }) => !value.includes(id)).map(({ id }) => id))}
          >
            <Group gap="md" mt="xs">
              {accepted.map(({ id, name, address }) => (
                <Checkbox key={id} value={id} label={name} description={address} />
              ))}
            </Group>
          </Checkbox.Group>
          {send.error && <Problem error={send.error} onClose={() => send.reset()} />}
          {send.data && <Result sent={send.data} />}
          <Group gap="xs">
            <Button
              variant="default"
              leftSection={<IconSend size={18} aria-hidden />}
              onClick={() => send.mutate(false)}
              loading={send.isPending && send.variables === false}
              disabled={chosen.length === 0}
            >
              {t("reports.test.send", { count: chosen.length })}
            </Button>
            {campaign.plan.split && (
              <Button
                variant="default"
                onClick={() => send.mutate(true)}
                loading={send.isPending && send.variables === true}
                disabled={chosen.length === 0}
              >
                {t("reports.test.send_second")}
              </Button>
            )}
          </Group>
        </Stack>
      )}
    </Section>
  );
}

function Result({ sent }: { sent: Sent }) {
  const { t } = useTranslation();
  return (
    <Notice tone={sent.to.length > 0 ? "good" : "out"} title={t("reports.test.sent", { count: sent.to.length })}>
      {sent.left_out.map(({ recipient, reason }) => (
        <div key={recipient.id}>
          {recipient.name}: {t(`reports.test.left_out.${LEFT_OUT.find((one) => one === reason) ?? "refused"}`)}
        </div>
      ))}
      <TextLink to="/campaigns/$id" params={{ id: sent.carrier_id }} search={{}}>
        {t("reports.test.look")}
      </TextLink>
    </Notice>
  );
}
