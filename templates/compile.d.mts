export function compileTemplates(): Promise<string>;
export function writeTemplates(): Promise<void>;
export function compileMjml(source: string): Promise<string>;
