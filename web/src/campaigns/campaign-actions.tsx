import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconCheck, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconSend } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Campaign } from "../api/model";
import { notifyDone } from "../app/notify";
import { useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { Problem } from "../app/states";
import { MOVES, type Move, NEEDS } from "./campaign-state";
import { useDryRun } from "./dry-run";
import { rememberCampaign } from "./follow";

const ICON = {
  submit: IconCheck,
  approve: IconCheck,
  launch: IconSend,
  pause: IconPlayerPause,
  resume: IconPlayerPlay,
  stop: IconPlayerStop,
};

/** What nobody should do by a slip of the finger. */
const ASKED_FIRST: Move[] = ["launch", "stop"];

/** The buttons that the campaign's state allows; launch and stop ask once more. */
export function CampaignActions({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const [asked, ask] = useState<Move>();
  const move = useMutation({
    mutationFn: (step: Move) => act(campaign.id, step),
    onSuccess: (fresh, step) => {
      ask(undefined);
      rememberCampaign(fresh);
      void queries.invalidateQueries({ queryKey: ["campaign", campaign.id, "report"] });
      void queries.invalidateQueries({ queryKey: ["campaigns"] });
      notifyDone(t(`campaigns.done.${step}`));
    },
  });
  const may = useMay();
  const moves = MOVES[campaign.state].filter((step) => may(NEEDS[step]));
  const close = () => {
    move.reset();
    ask(undefined);
  };

  return (
    <Stack gap="xs" align="flex-end">
      <Group gap="xs">
        {moves.map((step, place) => {
          const Icon = ICON[step];
          const isUsual = place === moves.length - 1 && step !== "stop" && step !== "pause";
          return (
            <Button
              key={step}
              variant={isUsual ? "filled" : "default"}
              leftSection={<Icon size={18} aria-hidden />}
              onClick={() => (ASKED_FIRST.includes(step) ? ask(step) : move.mutate(step))}
              loading={move.isPending && move.variables === step && asked === undefined}
            >
              {t(`campaigns.do.${step}`)}
            </Button>
          );
        })}
      </Group>
      {move.error && asked === undefined && <Problem error={move.error} onClose={() => move.reset()} />}
      <Modal
        opened={asked !== undefined}
        onClose={close}
        title={asked === "stop" ? t("campaigns.confirm.stop_title") : t("campaigns.confirm.launch_title")}
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        {asked && (
          <Stack gap="md">
            <Text>{t(asked === "stop" ? "campaigns.confirm.stop_text" : "campaigns.confirm.launch_text")}</Text>
            {move.error && <Problem error={move.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                {t("common.action.cancel")}
              </Button>
              {asked === "stop" ? (
                <Button color="red" onClick={() => move.mutate("stop")} loading={move.isPending}>
                  {t("campaigns.do.stop")}
                </Button>
              ) : (
                <LaunchButton id={campaign.id} onLaunch={() => move.mutate("launch")} isPending={move.isPending} />
              )}
            </Group>
          </Stack>
        )}
      </Modal>
    </Stack>
  );
}

/** Names how many people the click reaches, from the dry run on the page. */
function LaunchButton({ id, onLaunch, isPending }: { id: string; onLaunch: () => void; isPending: boolean }) {
  const { t } = useTranslation();
  const { data } = useDryRun(id);
  if (!data) return <Button loading>{t("campaigns.do.launch")}</Button>;
  const reached = data.sendable + data.held;
  return (
    <Button onClick={onLaunch} loading={isPending} disabled={reached === 0} data-autofocus>
      {reached === 0 ? t("campaigns.confirm.launch_nobody") : t("campaigns.confirm.launch_button", { count: reached })}
    </Button>
  );
}

function act(id: string, step: Move): Promise<Campaign> {
  const path = { params: { path: { id } } };
  switch (step) {
    case "submit":
      return answer(api.POST("/api/v1/campaigns/{id}/submit", path));
    case "approve":
      return answer(api.POST("/api/v1/campaigns/{id}/approve", path));
    case "launch":
      return answer(api.POST("/api/v1/campaigns/{id}/launch", path));
    case "pause":
      return answer(api.POST("/api/v1/campaigns/{id}/pause", path));
    case "resume":
      return answer(api.POST("/api/v1/campaigns/{id}/resume", path));
    case "stop":
      return answer(api.POST("/api/v1/campaigns/{id}/stop", path));
  }
}
