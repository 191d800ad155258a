import { useMutation } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { answer, api } from "../../api/client";
import type { Campaign } from "../../api/model";
import { ApiError } from "../../api/problem";
import { queries } from "../../app/queries";
import { currentLanguage } from "../../locale";
import { rememberCampaign } from "../follow";
import { changesOf, type Draft, draftOf } from "./draft";

/** How long nothing is written before what was written is saved, milliseconds. */
const REST_MS = 1_500;

/** A draft on screen that saves itself. */
export interface OpenDraft {
  draft: Draft;
  /** What the server has. */
  saved: Campaign;
  set: (change: Partial<Draft>) => void;
  /** What the server refuses, by field. */
  errors: Record<string, string>;
  problem: Error | null;
  state: "saved" | "changed" | "saving" | "refused";
  /** Saves at once; answers whether everything is saved. */
  flush: () => Promise<boolean>;
}

/** Keeps what is written and what is saved together; nothing written is lost by leaving. */
export function useDraft(campaign: Campaign): OpenDraft {
  const [draft, setDraft] = useState(() => draftOf(campaign));
  const [saved, setSaved] = useState(campaign);
  const [refused, setRefused] = useState<Draft>();
  const now = useRef({ draft, saved });
  useEffect(() => {
    now.current = { draft, saved };
  });
  const save = useMutation({
    mutationFn: (wanted: Draft) => send(wanted, now.current.saved),
    onSuccess: (fresh, wanted) => {
      setSaved(fresh);
      now.current.saved = fresh;
      setRefused(undefined);
      // Whoever wrote on meanwhile keeps their own words; otherwise the server's form of them stands.
      setDraft((present) => (present === wanted ? draftOf(fresh) : present));
    },
    onError: (_, wanted) => setRefused(wanted),
  });
  const isDirty = Object.keys(changesOf(draft, saved)).length > 0;
  const { mutate, mutateAsync, isPending } = save;

  useEffect(() => {
    if (!isDirty || isPending || draft === refused) return;
    const timer = setTimeout(() => mutate(draft), REST_MS);
    return () => clearTimeout(timer);
  }, [isDirty, isPending, draft, refused, mutate]);
  useEffect(
    () => () => {
      const { draft, saved } = now.current;
      // Nobody is there any more to be told; the draft's page shows what was taken.
      if (Object.keys(changesOf(draft, saved)).length > 0) void send(draft, saved).catch(() => {});
    },
    [],
  );

  const flush = useCallback(async () => {
    const { draft, saved } = now.current;
    if (Object.keys(changesOf(draft, saved)).length === 0) return true;
    return mutateAsync(draft).then(
      () => true,
      () => false,
    );
  }, [mutateAsync]);
  const isRefused = save.error !== null && draft === refused;
  return {
    draft,
    saved,
    set: (change) => setDraft((present) => ({ ...present, ...change })),
    errors: isRefused && save.error instanceof ApiError ? save.error.fields(currentLanguage()) : {},
    problem: isRefused ? save.error : null,
    state: isPending ? "saving" : isRefused ? "refused" : isDirty ? "changed" : "saved",
    flush,
  };
}

async function send(wanted: Draft, saved: Campaign): Promise<Campaign> {
  const path = { id: saved.id };
  const fresh = await answer<Campaign>(
    api.PATCH("/api/v1/campaigns/{id}", { params: { path }, body: changesOf(wanted, saved) }),
  );
  rememberCampaign(fresh);
  for (const part of ["dry-run", "measure", "go"]) {
    void queries.invalidateQueries({ queryKey: ["campaign", saved.id, part] });
  }
  void queries.invalidateQueries({ queryKey: ["campaigns"] });
  return fresh;
}
