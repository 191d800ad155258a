import { ScrollArea, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { MenuLink } from "./links";
import { useMay } from "./permissions";
import { SCREEN_GROUPS } from "./screens";
import classes from "./shell.module.css";

/** The main menu; what a person may not open at all is not offered. */
export function Nav() {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <ScrollArea type="hover" scrollbarSize={6} scrollbars="y" className={classes.menu} viewportProps={{ tabIndex: -1 }}>
      {SCREEN_GROUPS.map(({ name, screens }) => {
        const offered = screens.filter(({ needs }) => !needs || may(needs));
        if (offered.length === 0) return null;
        return (
          <div key={name} className={classes.menuGroup}>
            {name !== "home" && (
              <Text size="xs" fw={600} className={`quiet ${classes.menuTitle}`} id={`menu-${name}`}>
                {t(`common.menu_group.${name}`)}
              </Text>
            )}
            <ul aria-labelledby={name !== "home" ? `menu-${name}` : undefined}>
              {offered.map(({ name: screen, to, icon: Icon }) => (
                <li key={screen}>
                  <MenuLink
                    to={to}
                    className={classes.menuItem}
                    activeOptions={{ exact: to === "/", includeSearch: false }}
                    label={t(`common.menu.${screen}`)}
                    leftSection={<Icon size={20} stroke={1.7} aria-hidden />}
                  />
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </ScrollArea>
  );
}
