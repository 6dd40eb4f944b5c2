// For tools that do not read Vue files; vue-tsc does, and prefers what it finds there.
declare module '*.vue' {
  import type { DefineComponent } from 'vue'

  const component: DefineComponent
  export default component
}
