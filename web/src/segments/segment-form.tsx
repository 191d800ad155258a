import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { Segment } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { Notice } from "../app/notice";
import { Problem } from "../app/states";
import { currentLanguage } from "../locale";
import { useLists, useTags } from "./groups";
import { firstRule, type GroupRule, isGroup, type Rule, sentRule, sizeOf } from "./rule";
import { type About, RuleCount, SegmentBuilder } from "./segment-builder";

/** Rules as a group, which the builder works on. */
export function groupOf(rule: Rule): GroupRule {
  return isGroup(rule) ? rule : { type: "all", rules: [rule] };
}

interface SegmentFormProps {
  /** For what people are counted. */
  about: About;
  /** Changed when given, made otherwise. */
  segment?: Segment;
  /** On the button that saves a new one. */
  saveLabel?: string;
  onSaved: (segment: Segment) => void;
}

/** A segment's rules and name, with whom they find while they are being changed. */
export function SegmentForm({ about, segment, saveLabel, onSaved }: SegmentFormProps) {
  const { t } = useTranslation();
  const intention = useRef(newIntentionKey());
  const tags = useTags();
  const lists = useLists();
  const [name, setName] = useState(segment?.name ?? "");
  const [rule, setRule] = useState<GroupRule>(() => (segment ? groupOf(segment.rule as unknown as Rule) : firstRule()));
  const [tried, setTried] = useState(false);
  const save = useAct(
    () => {
      const body = { name: name.trim(), rule: sentRule(rule) as never };
      return segment
        ? answer<Segment>(api.PATCH("/api/v1/segments/{id}", { params: { path: { id: segment.id } }, body }))
        : answer<Segment>(api.POST("/api/v1/segments", { body, headers: { "Idempotency-Key": intention.current } }));
    },
    {
      done: t("builder.segment.kept"),
      refresh: [["segments"], ["segment"], ["campaign"]],
      showsError: true,
      onDone: onSaved,
    },
  );
  const faults = save.error instanceof ApiError ? save.error.fields(currentLanguage()) : {};
  const names = [...new Set([...(lists.data ?? []), ...(tags.data ?? [])].map((one) => one.name))];
  const isWhole = sizeOf(rule).isWhole;
  return (
    <Stack gap="md">
      {segment && <Notice tone="neutral">{t("builder.segment.shared")}</Notice>}
      <SegmentBuilder
        rule={rule}
        groups={names}
        onChange={(next) => {
          intention.current = newIntentionKey();
          setRule(next);
        }}
      />
      <RuleCount rule={rule} about={about} />
      <Group align="flex-end">
        <TextInput
          label={t("builder.segment.name")}
          value={name}
          onChange={(event) => {
            intention.current = newIntentionKey();
            setName(event.currentTarget.value);
          }}
          error={faults.name ?? (tried && name.trim() === "" && t("common.required"))}
          maxLength={100}
          w={280}
          withAsterisk
        />
        <Button
          onClick={() => {
            setTried(true);
            if (name.trim() !== "" && isWhole) save.mutate(undefined);
          }}
          disabled={!isWhole}
          loading={save.isPending}
        >
          {segment ? t("builder.segment.save_change") : (saveLabel ?? t("builder.segment.save"))}
        </Button>
      </Group>
      {save.error && <Problem error={save.error} />}
    </Stack>
  );
}
