import { Button, Group, Modal, Stack, Textarea } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFocusBack } from "./focus-back";
import { Problem } from "./states";

interface AskProps {
  /** Closed while undefined or false. */
  opened: boolean;
  title: string;
  children?: ReactNode;
  /** What the button that does it says. */
  confirm: string;
  isDangerous?: boolean;
  /** Asks for a sentence that is kept with the deed. */
  note?: { label: string; description?: string; isRequired?: boolean };
  isPending: boolean;
  error: Error | null;
  /** A second button beside the first: another answer to the same question. */
  other?: { label: string; onClick: (note: string) => void; isPending: boolean };
  onConfirm: (note: string) => void;
  onClose: () => void;
}

/** Asks before something is done that is not undone by a second click. */
export function Ask({ opened, onClose, title, ...rest }: AskProps) {
  const { t } = useTranslation();
  useFocusBack(opened);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      closeButtonProps={{ "aria-label": t("common.action.close") }}
    >
      <Question {...rest} onClose={onClose} />
    </Modal>
  );
}

function Question({
  children,
  confirm,
  isDangerous,
  note,
  isPending,
  error,
  other,
  onConfirm,
  onClose,
}: Omit<AskProps, "opened" | "title">) {
  const { t } = useTranslation();
  const [written, write] = useState("");
  const [isMissing, setMissing] = useState(false);
  const answerWith = (act: (note: string) => void) => () => {
    const missing = Boolean(note?.isRequired) && written.trim() === "";
    setMissing(missing);
    if (!missing) act(written.trim());
  };
  return (
    <Stack gap="md">
      {children}
      {note && (
        <Textarea
          label={note.label}
          description={note.description}
          withAsterisk={note.isRequired}
          value={written}
          onChange={(event) => write(event.currentTarget.value)}
          error={isMissing && t("common.required")}
          minRows={2}
          autosize
          data-autofocus
        />
      )}
      {error && <Problem error={error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("common.action.cancel")}
        </Button>
        {other && (
          <Button variant="default" onClick={answerWith(other.onClick)} loading={other.isPending}>
            {other.label}
          </Button>
        )}
        <Button color={isDangerous ? "red.9" : undefined} onClick={answerWith(onConfirm)} loading={isPending}>
          {confirm}
        </Button>
      </Group>
    </Stack>
  );
}
