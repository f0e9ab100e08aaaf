export class Links {
  #targets = new Map<string, string>();

  shorten(target: string): string {
    const name = (this.#targets.size + 1).toString(36);
    this.#targets.set(name, new URL(target).href);
    return name;
  }

  target(name: string): string | undefined {
    return this.#targets.get(name);
  }
}
