import { AppShell, Burger, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconGauge, IconSend, IconShieldCheck, IconUpload, IconUsers } from "@tabler/icons-react";
import { Link, Outlet, useLocation, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { AccountMenu } from "./account-menu";
import { ClockBanner } from "./clock-banner";
import { MenuLink } from "./links";
import { SessionContext, useSession, useSessionQuery } from "./session";
import classes from "./shell.module.css";
import { Failure, Loading } from "./states";

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
  const { pathname } = useLocation();
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
          <AccountMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} p="sm" aria-label={t("common.menu.label")}>
        <Stack gap={4}>
          <MenuLink
            to="/"
            className={classes.menuItem}
            activeOptions={{ exact: true }}
            label={t("common.menu.dashboard")}
            leftSection={<IconGauge size={20} stroke={1.7} aria-hidden />}
          />
          <MenuLink
            to="/uploads"
            className={classes.menuItem}
            label={t("common.menu.uploads")}
            leftSection={<IconUpload size={20} stroke={1.7} aria-hidden />}
          />
          <MenuLink
            to="/contacts"
            className={classes.menuItem}
            label={t("common.menu.contacts")}
            leftSection={<IconUsers size={20} stroke={1.7} aria-hidden />}
          />
          <MenuLink
            to="/campaigns"
            className={classes.menuItem}
            label={t("common.menu.campaigns")}
            leftSection={<IconSend size={20} stroke={1.7} aria-hidden />}
          />
          <MenuLink
            to="/registry"
            className={classes.menuItem}
            label={t("common.menu.registry")}
            leftSection={<IconShieldCheck size={20} stroke={1.7} aria-hidden />}
          />
        </Stack>
      </AppShell.Navbar>
      <AppShell.Main className={classes.main} id="content">
        <ClockBanner />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}
