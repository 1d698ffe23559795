/** Files under src/handlers that are Lambdas. */
export declare const HANDLERS: string[];
