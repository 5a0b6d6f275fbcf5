"""The life of a forecast model: trained, judged, promoted, watched, rolled back. The mathematics is in `planning`."""
