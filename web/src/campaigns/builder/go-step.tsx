import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconCheck, IconSend } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { Brand, Campaign } from "../../api/model";
import { Notice } from "../../app/notice";
import { notifyDone } from "../../app/notify";
import { useMay } from "../../app/permissions";
import { queries } from "../../app/queries";
import { Problem } from "../../app/states";
import type { WhenShort } from "../credit-short";
import { useDryRun } from "../dry-run";
import { rememberCampaign } from "../follow";
import { LaunchGuard } from "../launch-guard";
import { LaunchObstacle } from "../launch-obstacle";
import { Signature } from "../signature";
import { TestSend } from "../testers/test-send";
import classes from "./builder.module.css";
import { isUnwritten } from "./draft";
import { GoFacts } from "./go-facts";

interface Wish {
  step: "submit" | "launch";
  whenShort?: WhenShort | undefined;
}

/** Gönder: everything once more, then to an approver or out. */
export function GoStep({ campaign, brand }: { campaign: Campaign; brand: Brand | undefined }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const run = useDryRun(campaign.id);
  const [isAsked, ask] = useState(false);
  const move = useMutation({
    mutationFn: ({ step, whenShort }: Wish) => {
      const path = { params: { path: { id: campaign.id } } };
      return answer<Campaign>(
        step === "submit"
          ? api.POST("/api/v1/campaigns/{id}/submit", path)
          : api.POST("/api/v1/campaigns/{id}/launch", { ...path, body: { when_credit_short: whenShort ?? null } }),
      );
    },
    onSuccess: (fresh, { step }) => {
      rememberCampaign(fresh);
      void queries.invalidateQueries({ queryKey: ["campaigns"] });
      notifyDone(t(`campaigns.done.${step}`));
      void navigate({ to: "/campaigns/$id", params: { id: campaign.id } });
    },
  });
  const close = () => {
    move.reset();
    ask(false);
  };
  const unwritten = isUnwritten(campaign.body, brand);
  const blocked = run.data?.findings.some(({ weight }) => weight === "blocks") ?? false;
  const needsSecond = Boolean(run.data?.second_person);
  const obstacle = run.data?.launch_obstacle;
  const isReady = run.data !== undefined && !unwritten;
  return (
    <>
      {unwritten && <Notice tone="out">{t("builder.go.unwritten")}</Notice>}
      {blocked && (
        <Notice tone="bad" title={t("builder.go.blocked")}>
          {t("builder.go.blocked_text")}
        </Notice>
      )}
      <GoFacts campaign={campaign} />
      <Signature campaign={campaign} />
      <TestSend campaign={campaign} />
      <div className="surface">
        <Stack gap="sm" p="md">
          <Text>{t(needsSecond ? "builder.go.needs_second" : "builder.go.may_ask")}</Text>
          {may("launch_campaigns") && obstacle && obstacle !== "approval" && <LaunchObstacle obstacle={obstacle} />}
          {move.error && !isAsked && <Problem error={move.error} onClose={() => move.reset()} />}
          <div className={classes.foot}>
            <Text size="sm" className="quiet">
              {t("builder.go.frozen_when")}
            </Text>
            <Group gap="xs">
              {may("launch_campaigns") && !obstacle && (
                <Button leftSection={<IconSend size={18} aria-hidden />} onClick={() => ask(true)} disabled={!isReady}>
                  {t("campaigns.do.launch")}
                </Button>
              )}
              {may("manage_campaigns") && (
                <Button
                  variant={obstacle ? "filled" : "default"}
                  leftSection={<IconCheck size={18} aria-hidden />}
                  onClick={() => move.mutate({ step: "submit" })}
                  loading={move.isPending && move.variables.step === "submit"}
                  disabled={!isReady}
                >
                  {t("campaigns.do.submit")}
                </Button>
              )}
            </Group>
          </div>
        </Stack>
      </div>
      <Modal
        opened={isAsked}
        onClose={close}
        title={t("campaigns.confirm.launch_title")}
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        <LaunchGuard
          campaign={campaign}
          onCancel={close}
          onLaunch={(whenShort) => move.mutate({ step: "launch", whenShort })}
          isPending={move.isPending}
          error={move.error}
        />
      </Modal>
    </>
  );
}
