import { ActionIcon, AppShell, Burger, Button, Group, Kbd, Text } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { Link, Outlet, useLocation, useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { AccountMenu } from "./account-menu";
import { ClockBanner } from "./clock-banner";
import { Nav } from "./nav";
import { PracticeBanner } from "./practice-banner";
import { SessionContext, useSession, useSessionQuery } from "./session";
import classes from "./shell.module.css";
import { Failure, Loading } from "./states";

const Palette = lazy(() => import("./palette").then((module) => ({ default: module.Palette })));

/** Everything behind the login: decides who may come in, and frames every screen. */
export function Shell() {
  const session = useSessionQuery();
  if (session.isPending) return <Loading lines={3} />;
  if (session.isError) return <Failure isPage error={session.error} onRetry={() => session.refetch()} />;
  if (!session.data) return <ToLogin />;
  return (
    <SessionContext value={session.data}>
      <Frame />
    </SessionContext>
  );
}

/** To the door, with the way back. Goes once: a redirect that followed the address would follow itself. */
function ToLogin() {
  const router = useRouter();
  useEffect(() => {
    void router.navigate({ to: "/login", search: { next: router.state.location.href }, replace: true });
  }, [router]);
  return <Loading lines={3} />;
}

function Frame() {
  const { t } = useTranslation();
  const { firm } = useSession();
  const [menuOpen, menu] = useDisclosure();
  const [paletteOpen, palette] = useDisclosure();
  const { pathname } = useLocation();
  // Wherever the cursor stands, in a field too.
  useHotkeys([["mod+K", palette.toggle]], []);
  // A chosen menu entry closes the menu on small screens.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what it follows
  useEffect(() => menu.close(), [pathname]);

  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !menuOpen } }}
      padding="md"
    >
      <a className="skip-link" href="#content">
        {t("common.skip")}
      </a>
      <AppShell.Header className={classes.header} px="md">
        <Group justify="space-between" w="100%" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
            <Burger
              opened={menuOpen}
              onClick={menu.toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t("common.menu.toggle")}
              aria-expanded={menuOpen}
            />
            <Link to="/" className={classes.wordmark}>
              <Group gap={8} wrap="nowrap">
                <img src="/icon.svg" alt="" width={26} height={26} />
                İzinli
              </Group>
            </Link>
            <Text className="quiet" size="sm" truncate visibleFrom="xs">
              {firm.name}
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <PaletteButton onClick={palette.open} />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} p="sm" aria-label={t("common.menu.label")}>
        <Nav />
      </AppShell.Navbar>
      <AppShell.Main className={classes.main} id="content">
        <PracticeBanner />
        <ClockBanner />
        <Outlet />
      </AppShell.Main>
      <Suspense>{paletteOpen && <Palette opened onClose={palette.close} />}</Suspense>
    </AppShell>
  );
}

/** For those who do not know the keys; on a phone only the picture. */
function PaletteButton({ onClick }: { onClick: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Button
        variant="default"
        size="xs"
        visibleFrom="md"
        onClick={onClick}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={<Kbd size="xs">Ctrl K</Kbd>}
        aria-keyshortcuts="Control+K"
      >
        {t("common.palette.open")}
      </Button>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        hiddenFrom="md"
        onClick={onClick}
        aria-label={t("common.palette.open")}
      >
        <IconSearch size={22} stroke={1.7} />
      </ActionIcon>
    </>
  );
}
