import { answer, api } from "../api/client";

/** A tag marks people; a list is a distribution list. Both are static groups with a name. */
export type GroupKind = "list" | "tag";

/** Who comes in and who goes out. */
export interface MemberChange {
  add?: string[];
  remove?: string[];
}

/** The calls of either kind of group. */
export const CALLS = {
  list: {
    all: (after?: string) => answer(api.GET("/api/v1/groups", { params: { query: { after } } })),
    members: (name: string, after?: string) =>
      answer(api.GET("/api/v1/groups/{name}/members", { params: { path: { name }, query: { after } } })),
    change: (name: string, body: MemberChange) =>
      answer(api.POST("/api/v1/groups/{name}/members", { params: { path: { name } }, body })),
    forget: (name: string) => answer(api.DELETE("/api/v1/groups/{name}", { params: { path: { name } } })),
  },
  tag: {
    all: (after?: string) => answer(api.GET("/api/v1/tags", { params: { query: { after } } })),
    members: (name: string, after?: string) =>
      answer(api.GET("/api/v1/tags/{name}/members", { params: { path: { name }, query: { after } } })),
    change: (name: string, body: MemberChange) =>
      answer(api.POST("/api/v1/tags/{name}/members", { params: { path: { name } }, body })),
    forget: (name: string) => answer(api.DELETE("/api/v1/tags/{name}", { params: { path: { name } } })),
  },
} as const;
