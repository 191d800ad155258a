import { ActionIcon, Group, Menu, Text, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconLanguage, IconLogout, IconMoon, IconSun, IconUserCircle } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { chooseLanguage, currentLanguage, type Language } from "../locale";
import { notifyFailed } from "./notify";
import { logOut, useSession } from "./session";

/** Language, appearance and the way out. */
export function AccountMenu() {
  const { t } = useTranslation();
  const { user } = useSession();
  const out = useMutation({ mutationFn: logOut, onError: notifyFailed });
  return (
    <Group gap="xs" wrap="nowrap">
      <LanguageMenu />
      <AppearanceMenu />
      <Menu position="bottom-end" width={240} withinPortal>
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t("common.account.label", { name: user.name })}
          >
            <IconUserCircle size={22} stroke={1.7} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <div style={{ padding: "8px 12px" }}>
            <Text fw={600}>{user.name}</Text>
            <Text size="sm" className="quiet">
              {user.email}
            </Text>
            <Text size="sm" className="quiet">
              {t(`common.role.${user.role}`)}
            </Text>
          </div>
          <Menu.Divider />
          <Menu.Item leftSection={<IconLogout size={18} aria-hidden />} onClick={() => out.mutate()}>
            {t("common.account.log_out")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}

/** Turkish or English; each named in itself. */
export function LanguageMenu() {
  const { t } = useTranslation();
  const languages: Language[] = ["tr", "en"];
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("common.account.language")}>
          <IconLanguage size={22} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {languages.map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            onClick={() => chooseLanguage(language)}
            fw={language === currentLanguage() ? 700 : 400}
            aria-current={language === currentLanguage() || undefined}
          >
            {t(`common.language.${language}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Light, dark, or as the device says. */
export function AppearanceMenu() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const choices = [
    { value: "light", icon: IconSun },
    { value: "dark", icon: IconMoon },
    { value: "auto", icon: IconDeviceDesktop },
  ] as const;
  const Current = choices.find((choice) => choice.value === colorScheme)?.icon ?? IconDeviceDesktop;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("common.account.appearance")}>
          <Current size={20} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(({ value, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={18} aria-hidden />}
            onClick={() => setColorScheme(value)}
            fw={value === colorScheme ? 700 : 400}
            aria-current={value === colorScheme || undefined}
          >
            {t(`common.account.${value}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
