import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/**
 * Fails the build when the scripts a browser needs before the first screen
 * (the entry and everything it imports statically) weigh more than `kilobytes`
 * after gzip. Screens are loaded on demand and do not count.
 */
export function firstLoadBudget(kilobytes: number): Plugin {
  return {
    name: "first-load-budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const counted = new Set<string>();
      const count = (file: string): number => {
        const chunk = bundle[file];
        if (chunk?.type !== "chunk" || counted.has(file)) return 0;
        counted.add(file);
        return gzipSync(chunk.code).length + chunk.imports.reduce((sum, next) => sum + count(next), 0);
      };
      const bytes = Object.values(bundle)
        .filter((item) => item.type === "chunk" && item.isEntry)
        .reduce((sum, entry) => sum + count(entry.fileName), 0);
      const weight = (bytes / 1000).toFixed(1);
      if (bytes > kilobytes * 1000) {
        this.error(`first load is ${weight} kB of script after gzip; at most ${kilobytes} kB are allowed`);
      }
      console.log(`first load: ${weight} kB of script after gzip (at most ${kilobytes} kB)`);
    },
  };
}
