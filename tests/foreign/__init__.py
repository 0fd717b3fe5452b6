"""Facts published, and questions asked, by programs that are not ours."""
