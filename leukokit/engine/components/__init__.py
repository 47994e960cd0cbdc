"""The door to components: every call into one goes through here, guarded where the component is foreign."""
