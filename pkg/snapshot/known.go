package snapshot

import "slices"

// KnowsIn reports whether all of resource was read that is in the namespace. Where only the namespace asked for
// could be read, the others are unknown.
func (s *Snapshot) KnowsIn(resource, namespace string) bool {
	return !slices.ContainsFunc(s.Unknown, func(u Unknown) bool {
		return u.Resource == resource && (!u.Partial || !s.wasAsked(namespace, u))
	})
}

// wasAsked reports whether the namespace is the one asked for, which was read where the others are unknown. Where
// the Snapshot does not name it, it is one that has routers, if those too were read nowhere else.
func (s *Snapshot) wasAsked(namespace string, u Unknown) bool {
	if s.Namespace != "" || u.Namespace != "" {
		return namespace == s.Namespace || namespace == u.Namespace
	}
	partial := func(resource string) bool {
		return slices.ContainsFunc(s.Unknown, func(u Unknown) bool { return u.Resource == resource && u.Partial })
	}
	if !partial("deployments") || !partial("egressrouters") && s.Serves("egressrouters") {
		return false
	}
	return slices.ContainsFunc(s.Routers, func(r Router) bool { return r.Namespace == namespace })
}
