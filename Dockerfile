# One image for every process; docker-compose.yml says which one a container is.
FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY canonical canonical
COPY mappings mappings
COPY connectors connectors
COPY ledger ledger
COPY producers producers
COPY workers workers
COPY console console
COPY sandbox sandbox
RUN PIP_CONSTRAINT=constraints.txt pip install . \
    && useradd --system --create-home kashforce
USER kashforce
ENTRYPOINT ["kashforce"]
CMD ["--help"]
