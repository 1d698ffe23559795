// esbuild puts the text of these files into the bundle.
declare module '*.sh' {
  const text: string;
  export default text;
}
