import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconCheck, IconPencil, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconSend } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Campaign } from "../api/model";
import { ButtonLink } from "../app/links";
import { notifyDone } from "../app/notify";
import { useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { useSession } from "../app/session";
import { Problem } from "../app/states";
import { isLaunched, MOVES, type Move, NEEDS } from "./campaign-state";
import type { WhenShort } from "./credit-short";
import { useDryRun } from "./dry-run";
import { rememberCampaign } from "./follow";
import { LaunchGuard } from "./launch-guard";
import { LaunchObstacle } from "./launch-obstacle";

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

/** A step, and of a launch what becomes of those whom the credit does not reach. */
interface Wish {
  step: Move;
  whenShort?: WhenShort | undefined;
}

/** The buttons that the campaign's state allows; launch and stop ask once more. */
export function CampaignActions({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const [asked, ask] = useState<Move>();
  const move = useMutation({
    mutationFn: ({ step, whenShort }: Wish) => act(campaign.id, step, whenShort),
    onSuccess: (fresh, { step }) => {
      ask(undefined);
      rememberCampaign(fresh);
      void queries.invalidateQueries({ queryKey: ["campaign", campaign.id, "report"] });
      void queries.invalidateQueries({ queryKey: ["campaign", campaign.id, "dry-run"] });
      void queries.invalidateQueries({ queryKey: ["campaigns"] });
      notifyDone(t(`campaigns.done.${step}`));
    },
  });
  const may = useMay();
  const { user } = useSession();
  const isOwn = campaign.author === `user:${user.id}`;
  const isBefore = !isLaunched(campaign.state);
  const wouldLaunch = isBefore && may("launch_campaigns");
  const run = useDryRun(campaign.id, wouldLaunch && campaign.state !== "submitted");
  const obstacle = campaign.state === "submitted" ? "approval" : run.data?.launch_obstacle;
  const isOffered = (step: Move) => {
    if (!may(NEEDS[step])) return false;
    // Nobody approves what they wrote.
    if (step === "approve") return !isOwn;
    return step !== "launch" || (run.data !== undefined && !obstacle);
  };
  const moves = MOVES[campaign.state].filter(isOffered);
  const stopTitle = t(isBefore ? "builder.go.drop_title" : "campaigns.confirm.stop_title");
  const stopWords = t(isBefore ? "builder.go.drop" : "campaigns.do.stop");
  const close = () => {
    move.reset();
    ask(undefined);
  };

  return (
    <Stack gap="xs" align="flex-end">
      <Group gap="xs">
        {campaign.state === "draft" && may("manage_campaigns") && (
          <ButtonLink
            to="/campaigns/$id/edit"
            params={{ id: campaign.id }}
            variant="default"
            leftSection={<IconPencil size={18} aria-hidden />}
          >
            {t("common.action.edit")}
          </ButtonLink>
        )}
        {moves.map((step, place) => {
          const Icon = ICON[step];
          const isUsual = place === moves.length - 1 && step !== "stop" && step !== "pause";
          return (
            <Button
              key={step}
              variant={isUsual ? "filled" : "default"}
              leftSection={<Icon size={18} aria-hidden />}
              onClick={() => (ASKED_FIRST.includes(step) ? ask(step) : move.mutate({ step }))}
              loading={move.isPending && move.variables.step === step && asked === undefined}
            >
              {step === "stop" ? stopWords : t(`campaigns.do.${step}`)}
            </Button>
          );
        })}
      </Group>
      {wouldLaunch && obstacle && <LaunchObstacle obstacle={obstacle} />}
      {move.error && asked === undefined && <Problem error={move.error} onClose={() => move.reset()} />}
      <Modal
        opened={asked !== undefined}
        onClose={close}
        title={asked === "stop" ? stopTitle : t("campaigns.confirm.launch_title")}
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        {asked === "launch" && (
          <LaunchGuard
            campaign={campaign}
            onLaunch={(whenShort) => move.mutate({ step: "launch", whenShort })}
            onCancel={close}
            isPending={move.isPending}
            error={move.error}
          />
        )}
        {asked === "stop" && (
          <Stack gap="md">
            <Text>{t(isLaunched(campaign.state) ? "campaigns.confirm.stop_text" : "builder.go.drop_text")}</Text>
            {move.error && <Problem error={move.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                {t("common.action.cancel")}
              </Button>
              <Button color="red.9" onClick={() => move.mutate({ step: "stop" })} loading={move.isPending}>
                {stopWords}
              </Button>
            </Group>
          </Stack>
        )}
      </Modal>
    </Stack>
  );
}

function act(id: string, step: Move, whenShort?: WhenShort): Promise<Campaign> {
  const path = { params: { path: { id } } };
  switch (step) {
    case "submit":
      return answer(api.POST("/api/v1/campaigns/{id}/submit", path));
    case "approve":
      return answer(api.POST("/api/v1/campaigns/{id}/approve", path));
    case "launch":
      return answer(
        api.POST("/api/v1/campaigns/{id}/launch", { ...path, body: { when_credit_short: whenShort ?? null } }),
      );
    case "pause":
      return answer(api.POST("/api/v1/campaigns/{id}/pause", path));
    case "resume":
      return answer(api.POST("/api/v1/campaigns/{id}/resume", path));
    case "stop":
      return answer(api.POST("/api/v1/campaigns/{id}/stop", path));
  }
}
