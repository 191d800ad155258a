/** Mantine's looks on the router's links: real addresses, opened without a reload. */
import { Anchor, type AnchorProps, Button, type ButtonProps, NavLink, type NavLinkProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type LinkParts<Props> = Props &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & { ref?: Ref<HTMLAnchorElement> };

/** A link inside text or a table. */
export const TextLink = createLink((props: LinkParts<AnchorProps>) => <Anchor {...props} />);

/** A link that looks like a button. */
export const ButtonLink = createLink((props: LinkParts<ButtonProps>) => <Button component="a" {...props} />);

/** An entry of the main menu. */
export const MenuLink = createLink((props: LinkParts<NavLinkProps>) => <NavLink component="a" {...props} />);
