/** Where to go after the login: a path of this panel, or the dashboard; never another site. */
export function safeNext(next: string | undefined): string {
  if (!next?.startsWith("/")) return "/";
  const target = new URL(next, window.location.origin);
  if (target.origin !== window.location.origin || target.pathname === "/login") return "/";
  return `${target.pathname}${target.search}${target.hash}`;
}
