import { Group, Stack, Text, Title } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef } from "react";

interface PageProps {
  /** The heading; also the window's title. */
  title: string;
  /** One sentence on what the page is for, or facts about the one thing it shows. */
  lead?: ReactNode;
  /** A link to the list this page came from. */
  back?: ReactNode;
  /** Beside the heading, for example a state badge. */
  mark?: ReactNode;
  /** Buttons at the end of the heading's line. */
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of every screen: names the window and moves the focus to the heading on arrival. */
export function Page({ title, lead, back, mark, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · İzinli`;
  }, [title]);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);

  return (
    <Stack gap="lg" maw={1180} mx="auto">
      <div>
        {back && (
          <Group gap={4} mb={6} fz="sm">
            <IconArrowLeft size={16} aria-hidden />
            {back}
          </Group>
        )}
        <Group justify="space-between" align="flex-start" gap="md">
          <div style={{ minWidth: 0, flex: "1 1 20rem" }}>
            <Group gap="sm">
              <Title order={1} size="h2" ref={heading} tabIndex={-1} style={{ overflowWrap: "anywhere" }}>
                {title}
              </Title>
              {mark}
            </Group>
            {lead && (
              <Text component="div" className="quiet" mt={4} maw={820}>
                {lead}
              </Text>
            )}
          </div>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      </div>
      {children}
    </Stack>
  );
}

interface SectionProps {
  title: string;
  /** Beside the heading: filters, a download, a link. */
  aside?: ReactNode;
  /** For links from elsewhere on the page. */
  id?: string;
  children: ReactNode;
}

/** A titled part of a page on its own surface. */
export function Section({ title, aside, id, children }: SectionProps) {
  return (
    <section className="surface" aria-labelledby={id && `${id}-title`} id={id}>
      <Group justify="space-between" px="md" py="sm" gap="xs">
        <Title order={2} size="h4" id={id && `${id}-title`} tabIndex={-1}>
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </section>
  );
}
