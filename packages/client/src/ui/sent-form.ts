/** How the requests of a route travel, where that is not what they are: for whoever reads them beside the route itself. */
const forms: WeakMap<object, (request: unknown) => unknown> = new WeakMap()

/** Says how requests of `route`, a member of a client, travel. */
export function setSentForm(route: object, form: (request: unknown) => unknown): void {
  forms.set(route, form)
}

/** A request as it travels. Throws what the conversion throws. */
export function sentForm(route: object, request: unknown): unknown {
  const form = forms.get(route)
  return form === undefined || request === undefined ? request : form(request)
}
