const words: Record<string, string> = { de: "Hallo", en: "Hello", fr: "Bonjour" };

export function greeting(name: string, language = "en"): string {
  return `${words[language] ?? words.en}, ${name}!`;
}
